//! Tables with one row per household, in every state that townships keep them.

use super::*;
use rust_xlsxwriter::{Format, XlsxError};

#[test]
fn a_townships_own_table_with_title_header_below_and_a_total() {
    let zhang = id("19630214", 1);
    let bytes = book(&[
        (
            "一组",
            &[
                &["李庄村低收入家庭摸底表"],
                &["填报单位：李庄村", "", "", "2024年3月"],
                &[],
                &[
                    "序号",
                    "户 主",
                    "公民身份号码",
                    "家庭人口数（人）",
                    "联系方式",
                    "户类别",
                    "耕地",
                    "备注：",
                ],
                &["1", "张　三", &zhang, "４", "138 1234 5678", "低保户", "5亩", "东街，第三户"],
                &["2", "李四", "", "3人", "13912345678/0557-6234567", "一般户"],
                &["3"],
                &["小计", "", "", "7"],
                &["合 计", "2户", "", "7"],
                &["备注：以上数据截至三月"],
                &["填表人：王五", "", "审核人：赵六"],
            ],
        ),
        ("李庄村2组", &[&["户主", "身份证号"], &["钱七", &id("19700101", 2)]]),
        ("Sheet3", &[]),
        ("说明", &[&["本表由村文书填写"]]),
    ]);
    let plan = assert_again_same(&bytes);
    assert_eq!(plan.households.len(), 3);
    let (household, members) = created(&plan, 0);
    for (name, value) in [
        ("head", "张三"),
        ("group", "一组"),
        ("phone", "13812345678"),
        ("id_number", &zhang),
        ("note", "东街，第三户"),
    ] {
        assert_eq!(text(household, name), value, "{name}");
    }
    assert_eq!(household.get("population"), Some(&Value::Int(4)));
    assert_eq!(household.get("tags.kunnan_hu"), Some(&Value::Bool(true)));
    assert_eq!(members.len(), 1, "a head with a number is a person of the register");
    assert_eq!((text(&members[0], "sex"), text(&members[0], "birth")), ("male", "1963-02-14"));
    let (other, nobody) = created(&plan, 1);
    assert_eq!((text(other, "phone"), nobody.len()), ("13912345678、0557-6234567", 0));
    assert_eq!(text(created(&plan, 2).0, "group"), "二组");

    for number in [7, 8, 9, 10, 11] {
        let row = plan.report.rows.iter().find(|row| row.at == RowRef { sheet: 0, row: number }).unwrap();
        assert_eq!(row.outcome, Outcome::Skipped, "{number}");
    }
    let report = plan.report.to_text();
    for part in [
        "表头在第 4 行，一行一户",
        "没有用到的列：耕地",
        "工作表“Sheet3”：空表",
        "没有找到表头",
        "第 5 行 新增 张三",
        "户 新增 3",
    ] {
        assert!(report.contains(part), "{part} not in\n{report}");
    }
}

#[test]
fn csv_in_gbk_with_the_villages_named_in_the_rows() {
    let text_file =
        format!("村名,组别,户主姓名,身份证号码\n王庄村,3,孙八,{}\n341302101201,,周九,\n", id("19550505", 4));
    let plan = import("户册.csv", &encoding_rs::GBK.encode(&text_file).0, &[]);
    assert_eq!(
        (plan.households[0].village.as_str(), plan.households[1].village.as_str()),
        (WANGZHUANG, LIZHUANG)
    );
    assert_eq!(text(created(&plan, 0).0, "group"), "三组");
}

#[test]
fn a_village_that_is_not_ours_is_refused_with_its_name() {
    let plan = import_rows(&[&["户主", "村"], &["张三", "赵庄村"], &["李四", "李庄村"]]);
    assert_refused(&plan, 2, "不认识的村“赵庄村”");
    assert_eq!(row(&plan, 3).outcome, Outcome::New);
    let unknown = Villages::new(&[], Some("赵庄村")).unwrap_err();
    assert!(unknown.to_string().contains("赵庄村"));
}

#[test]
fn a_wrong_number_is_refused_in_its_own_row_with_the_reason() -> Result<(), XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let good = id("19630214", 1);
    let swapped = format!("{}{}{}", &good[..15], &good[16..17], &good[15..16]) + &good[17..];
    for (at, text) in ["户主", "张三", "李四", "王五", "赵六", "钱七"].iter().enumerate() {
        sheet.write(at as u32, 0, *text)?;
    }
    sheet.write(0, 1, "身份证号")?.write(1, 1, &good)?.write(2, 1, swapped)?;
    sheet.write(3, 1, 341_302_196_302_140_012_f64)?.write(4, 1, "3.41302E+17")?.write(
        5,
        1,
        "34130219630214",
    )?;
    let plan = import("户册.xlsx", &book.save_to_buffer()?, &[]);
    assert_eq!(row(&plan, 2).outcome, Outcome::New);
    assert_refused(&plan, 3, "校验码不对");
    assert_refused(&plan, 4, "被 Excel 存成了数字");
    assert_refused(&plan, 5, "被 Excel 存成了数字");
    assert_refused(&plan, 6, "这里是 14 位");
    assert_eq!((plan.report.count(Outcome::Refused), plan.households.len()), (4, 1));
    assert!(plan.report.to_text().contains("请照上面的原因改好文件再导入"));
    Ok(())
}

#[test]
fn phones_as_numbers_and_old_and_disability_numbers() -> Result<(), XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let card = id("19561107", 6) + "43";
    for (column, text) in ["户主", "证件号码（20位残疾证号）", "手机号", "组"].iter().enumerate()
    {
        sheet.write(0, column as u16, *text)?;
    }
    sheet.write(1, 0, "张三")?.write(1, 1, card)?.write(1, 2, 13_812_345_678_u64)?.write(1, 3, 1)?;
    sheet.write(2, 0, "李四")?.write(2, 1, "110105491231002")?.write(2, 2, "1.3912345678E10")?;
    sheet.write(3, 0, "王五")?.write(3, 2, "1391234567（儿子）")?;
    sheet
        .write_formula(4, 1, rust_xlsxwriter::Formula::new("=NA()").set_result("#N/A"))?
        .write(4, 0, "赵六")?;
    let bytes = book.save_to_buffer()?;
    let plan = import("户册.xlsx", &bytes, &[]);
    let (household, members) = created(&plan, 0);
    assert_eq!((text(household, "phone"), text(household, "group")), ("13812345678", "一组"));
    assert_eq!(text(household, "id_number"), id("19561107", 6), "the number without kind and grade");
    assert!(members[0].get("tags.canji_ren").unwrap().is_true(), "whoever holds the card");
    assert!(household.get("tags.canji_ren").unwrap().is_true(), "and the household's list shows it");
    assert_eq!(text(created(&plan, 1).0, "id_number"), "11010519491231002X");
    assert!(row(&plan, 3).notes.join("").contains("15 位旧身份证号已按国标升为 11010519491231002X"));
    assert_eq!(text(created(&plan, 2).0, "phone"), "1391234567、儿子", "kept as written");
    assert!(row(&plan, 4).notes.join("").contains("照原样写入"));
    assert_refused(&plan, 5, "#N/A");
    Ok(())
}

#[test]
fn categories_from_words_flags_and_notes() {
    let plan = import_rows(&[
        &["户主", "户类型", "是否低保", "是否五保", "备注", "户口性质"],
        &["张三", "种养大户、农户", "否", "", "空巢老人", ""],
        &["李四", "军属", "是", "√", "其父生前是老党员", "非农业户口"],
        &["王五", "非低保户", "无", "×", "", "不明"],
    ]);
    let tags = |at: usize| {
        let fields = created(&plan, at).0.keys().filter_map(|field| field.strip_prefix("tags."));
        fields.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(tags(0), ["kongchao_laoren", "zhongyang_dahu", "zhongyang_hu"]);
    assert_eq!(tags(1), ["kunnan_hu", "tekun_hu"]);
    assert_eq!(tags(2), Vec::<String>::new());
    assert_eq!((text(created(&plan, 0).0, "class"), text(created(&plan, 1).0, "class")), ("farm", "urban"));
    assert!(row(&plan, 3).notes.join("").contains("军属"), "a word without a tag is told, not dropped");
    assert!(row(&plan, 4).notes.join("").contains("不明"));
}

#[test]
fn groups_as_lines_inside_the_table_and_headers_repeated_on_every_page() -> Result<(), XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let rows: [&[&str]; 8] = [
        &["序号", "户主", "电话", "人口"],
        &["东庄组"],
        &["1", "张三", "13812345678", "3"],
        &["序号", "户主", "电话", "人口"],
        &["2", "李四", "", "2"],
        &["第二村民小组"],
        &["3", "张三", "13912345678", "5"],
        &["总计：3户", "", "", "10"],
    ];
    for (at, row) in rows.iter().enumerate() {
        for (column, text) in row.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            sheet.write(at as u32, column as u16, *text)?;
        }
    }
    sheet.merge_range(1, 0, 1, 3, "东庄组", &Format::new())?;
    let bytes = book.save_to_buffer()?;
    let plan = assert_again_same(&bytes);
    let groups: Vec<&str> = (0..3).map(|at| text(created(&plan, at).0, "group")).collect();
    assert_eq!(groups, ["东庄组", "东庄组", "二组"]);
    assert_eq!(plan.report.count(Outcome::Skipped), 4);
    Ok(())
}

#[test]
fn strange_headings_are_named_by_a_map() {
    let rows: &[&[&str]] = &[&["当家的", "证", "困难否"], &["张三", &id("19630214", 1), "是"]];
    let bytes = book(&[("一组", rows)]);
    let sheets = read_table(&bytes).unwrap();
    let error = parse(&sheets, villages(), &ColumnMap::default()).unwrap_err();
    assert!(error.to_string().contains("--map"), "{error}");
    let map = ColumnMap::parse("当家的=head,证=id_number,困难否=tags.kunnan_hu").unwrap();
    let plan = import_mapped("户册.xlsx", &bytes, &[], &map);
    assert_eq!(text(created(&plan, 0).0, "id_number"), id("19630214", 1));
    assert!(created(&plan, 0).0.get("tags.kunnan_hu").unwrap().is_true());
    let slip = ColumnMap::parse("当家的=head,证=id_number,困准=tags.kunnan_hu").unwrap();
    assert_eq!(
        parse(&sheets, villages(), &slip).unwrap_err(),
        ImportError::MapColumn { column: "困准".into() }
    );
}

#[test]
fn a_hidden_sheet_is_named_and_left_alone() -> Result<(), XlsxError> {
    let mut book = Workbook::new();
    book.add_worksheet().write(0, 0, "户主")?.write(0, 1, "组")?.write(1, 0, "张三")?.write(1, 1, "一组")?;
    let old = book.add_worksheet().set_hidden(true).set_name("旧表")?;
    old.write(0, 0, "户主")?.write(0, 1, "组")?.write(1, 0, "李四")?.write(1, 1, "一组")?;
    let plan = import("户册.xlsx", &book.save_to_buffer()?, &[]);
    assert_eq!(plan.households.len(), 1);
    assert!(plan.report.to_text().contains("工作表“旧表”：隐藏的工作表没有读取"));
    Ok(())
}

#[test]
fn texts_beyond_what_a_field_holds_are_refused_not_cut() {
    let long = "很".repeat(2001);
    let plan = import_rows(&[
        &["户主", "备注"],
        &["张三", &long],
        &[&"名".repeat(41), ""],
        &["\u{20BB7}田", "👨\u{200D}👩\u{200D}👧"],
    ]);
    assert_refused(&plan, 2, "2001 个字");
    assert_refused(&plan, 3, "41 个字");
    assert_eq!(text(created(&plan, 0).0, "head"), "\u{20BB7}田");
    assert_eq!(text(created(&plan, 0).0, "note"), "👨\u{200D}👩\u{200D}👧");
}

#[test]
fn the_report_says_which_categories_a_word_sets() {
    let table: &[&[&str]] = &[
        &["户主", "户类型", "是否种养大户"],
        &["张三", "特困户", ""],
        &["李四", "低保户", "是"],
        &["王五", "困难户", ""],
    ];
    let plan = import_rows(table);
    let tags = |at: usize| {
        let tags = created(&plan, at).0.keys().filter_map(|field| field.strip_prefix("tags."));
        tags.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(tags(0), ["kunnan_hu", "tekun_hu"]);
    assert_eq!(tags(1), ["kunnan_hu", "zhongyang_dahu", "zhongyang_hu"]);
    assert_eq!(row(&plan, 2).notes, ["特困户家庭同时记为困难户"]);
    assert_eq!(row(&plan, 3).notes, ["种养大户同时记为种养专业户"]);
    assert!(row(&plan, 4).notes.is_empty());
}
