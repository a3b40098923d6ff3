//! Tables with one row per person: who belongs to whom.

use super::*;
use rust_xlsxwriter::{Format, XlsxError};

fn names(members: &[Fields]) -> Vec<(&str, &str)> {
    members.iter().map(|member| (text(member, "name"), text(member, "relation"))).collect()
}

#[test]
fn relations_open_a_household_at_each_head() {
    let (zhang, wife) = (id("19630214", 1), id("19650301", 2));
    let bytes = book(&[(
        "一组",
        &[
            &["姓名", "性别", "公民身份号码", "与户主关系", "联系电话", "备注"],
            &["张三", "男", &zhang, "户主", "13812345678", "低保"],
            &["王芳", "女", &wife, "妻", "13912345678", "老党员"],
            &["张小宝", "男", "", "孙子", "", "留守儿童"],
            &["李四", "男", "", "户主", "", ""],
        ],
    )]);
    let plan = assert_again_same(&bytes);
    let (household, members) = created(&plan, 0);
    assert_eq!(names(members), [("张三", "户主"), ("王芳", "妻"), ("张小宝", "孙子")]);
    assert_eq!((text(household, "id_number"), text(household, "phone")), (zhang.as_str(), "13812345678"));
    assert_eq!((text(&members[1], "phone"), text(&members[1], "sex")), ("13912345678", "female"));
    assert!(members[1].get("tags.lao_dangyuan").unwrap().is_true());
    assert!(!members[0].contains_key("tags.lao_dangyuan"));
    for tag in ["tags.kunnan_hu", "tags.lao_dangyuan", "tags.liushou_ertong"] {
        assert!(household.get(tag).unwrap().is_true(), "{tag}");
    }
    assert_eq!(names(created(&plan, 1).1), [("李四", "户主")]);
    assert!(plan.report.to_text().contains("一行一人（有“与户主关系”列）"));
    assert_eq!((plan.report.totals.households_new, plan.report.totals.people_new), (2, 4));
}

#[test]
fn merged_and_blank_head_cells_mean_members() -> Result<(), XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let rows: [&[&str]; 7] = [
        &["户主", "组别", "姓名", "与户主关系", "电话"],
        &["", "", "张三", "户主"],
        &["", "", "王芳", "妻"],
        &["", "", "张小明", "子", "13700000000"],
        &["李四", "二组", "李四", "户主"],
        &["", "", "赵霞", "妻"],
        &["陈五", "二组", "陈五", "户主"],
    ];
    for (at, row) in rows.iter().enumerate() {
        for (column, text) in row.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            sheet.write(at as u32, column as u16, *text)?;
        }
    }
    sheet.merge_range(1, 0, 3, 0, "张三", &Format::new())?.merge_range(1, 1, 3, 1, "一组", &Format::new())?;
    sheet.merge_range(1, 4, 2, 4, "13812345678", &Format::new())?;
    let plan = assert_again_same(&book.save_to_buffer()?);
    assert_eq!(names(created(&plan, 0).1), [("张三", "户主"), ("王芳", "妻"), ("张小明", "子")]);
    assert_eq!(text(created(&plan, 0).0, "phone"), "13812345678");
    assert_eq!(text(&created(&plan, 0).1[1], "phone"), "", "a merged telephone is the household's");
    assert_eq!(text(&created(&plan, 0).1[2], "phone"), "13700000000");
    assert_eq!(names(created(&plan, 1).1), [("李四", "户主"), ("赵霞", "妻")]);
    assert_eq!(plan.households.len(), 3);
    Ok(())
}

#[test]
fn a_household_number_holds_people_together_wherever_they_stand() {
    let bytes = book(&[(
        "一组",
        &[
            &["户编号", "姓名", "与户主关系"],
            &["001", "王芳", "妻"],
            &["002", "李四", "户主"],
            &["001", "张三", "户主"],
            &["002", "赵霞", "妻"],
        ],
    )]);
    let plan = assert_again_same(&bytes);
    assert_eq!(names(created(&plan, 0).1), [("王芳", "妻"), ("张三", "户主")]);
    assert_eq!(text(created(&plan, 0).0, "head"), "张三");
    assert_eq!(text(created(&plan, 1).0, "household_no"), "002");

    let plan = import_rows(&[
        &["户编号", "姓名", "电话"],
        &["1", "张三", "6234567"],
        &["1", "王芳", ""],
        &["2", "李四", ""],
    ]);
    assert_eq!((text(created(&plan, 0).0, "head"), created(&plan, 0).1.len()), ("张三", 2));
    assert!(row(&plan, 2).notes.join("").contains("第一行当作户主"), "the custom is told");
}

#[test]
fn two_header_rows_with_the_head_beside_each_member() -> Result<(), XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let (zhang, wife) = (id("19630214", 1), id("19650301", 2));
    let plain = Format::new();
    sheet.merge_range(0, 0, 0, 6, "家庭成员登记表", &plain)?;
    sheet.merge_range(1, 0, 2, 0, "组别", &plain)?.merge_range(1, 1, 1, 2, "户主", &plain)?;
    sheet.merge_range(1, 3, 1, 5, "家庭成员", &plain)?.merge_range(1, 6, 2, 6, "联系电话", &plain)?;
    for (column, text) in ["姓名", "身份证号", "姓名", "身份证号", "与户主关系"].iter().enumerate()
    {
        sheet.write(2, column as u16 + 1, *text)?;
    }
    for (column, text) in ["一组", "张三", &zhang, "王芳", &wife, "妻", "13812345678"].iter().enumerate()
    {
        sheet.write(3, column as u16, *text)?;
    }
    sheet.write(4, 3, "张小明")?.write(4, 5, "子")?;
    let plan = assert_again_same(&book.save_to_buffer()?);
    let (household, members) = created(&plan, 0);
    assert_eq!((text(household, "head"), text(household, "id_number")), ("张三", zhang.as_str()));
    assert_eq!(names(members), [("张三", "户主"), ("王芳", "妻"), ("张小明", "子")]);
    assert_eq!((text(household, "phone"), text(&members[1], "phone")), ("13812345678", ""));
    Ok(())
}

#[test]
fn what_belongs_to_nobody_is_refused_with_the_reason() {
    let plan = import_rows(&[
        &["姓名", "身份证号", "与户主关系"],
        &["王芳", "", "妻"],
        &["张三", "110105194912310021", "户主"],
        &["李霞", "", "妻"],
        &["李四", &id("19630214", 1), "户主"],
        &["", "", "子"],
        &["李小明", &id("19630214", 1), "子"],
        &["李小红", "", ""],
    ]);
    assert_refused(&plan, 2, "上面没有户主");
    assert_refused(&plan, 3, "校验码不对");
    assert_refused(&plan, 4, "户主那一行（第 3 行）没有通过");
    assert_eq!(row(&plan, 5).outcome, Outcome::New);
    assert_refused(&plan, 6, "没有姓名");
    assert_refused(&plan, 7, "与户主“李四”相同");
    assert_refused(&plan, 8, "分不清是户主还是成员");
    assert_eq!(plan.households.len(), 1);
}

#[test]
fn two_heads_under_one_household_number_are_refused() {
    let plan = import_rows(&[
        &["户编号", "姓名", "与户主关系"],
        &["1", "张三", "户主"],
        &["1", "李四", "户主"],
        &["1", "王芳", "妻"],
    ]);
    for number in [2, 3, 4] {
        assert_eq!(row(&plan, number).outcome, Outcome::Refused);
    }
    assert_refused(&plan, 2, "有两个户主");
}

#[test]
fn a_column_that_nobody_filled_in_does_not_make_people_of_households() {
    let plan = import_rows(&[
        &["户主", "姓名", "与户主关系", "电话"],
        &["张三", "", "", ""],
        &["李四", "", "", "6234567"],
    ]);
    assert_eq!(plan.report.totals.households_new, 2);
    assert!(plan.report.to_text().contains("一行一户"));
}

#[test]
fn a_merged_head_is_not_the_name_of_each_row() -> Result<(), XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "户主")?.write(0, 1, "与户主关系")?.write(0, 2, "身份证号")?;
    sheet.write(1, 1, "户主")?.write(2, 1, "妻")?.write(2, 2, id("19650301", 2))?;
    sheet.merge_range(1, 0, 2, 0, "张三", &Format::new())?;
    let plan = import("户册.xlsx", &book.save_to_buffer()?, &[]);
    assert_refused(&plan, 3, "没有姓名");
    assert_eq!(created(&plan, 0).1.len(), 1);
    Ok(())
}
